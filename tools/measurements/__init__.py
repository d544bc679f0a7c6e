"""Labs, vitals and scores: values, statistics, changes, and what may have caused them."""
