"""Commands of the house: setting up, judging a change, writing the generated documents."""
