"""The stage that writes: files, PDFs and the site."""
