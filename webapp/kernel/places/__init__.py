"""Town halls, depots, plants, shelters: where things stand and where scans say they were made."""
