"""Which tools a read question calls, with which arguments."""
