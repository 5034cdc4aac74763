"""The ledger of worn test rows: append-only tables in the registry's database, or in one of their own."""
