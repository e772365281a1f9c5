"""Files that people hand in: read row by row, so that one bad row never costs a good one."""
