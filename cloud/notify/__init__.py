"""What recipients are told, in their language, by the channel they gave."""
