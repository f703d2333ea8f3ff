"""Study archives: packing, unpacking, pseudonyms and blurred copies."""
