"""Steps -> other steps and reports: worksheets with blanks, tables of what is alike, audits, exports."""
