"""Demo stories, told through the same door as everything else, so that demo data is always valid data."""
