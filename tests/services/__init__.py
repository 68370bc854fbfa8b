"""The real parts that tests run against: Redis, PostgreSQL, the sandbox, workers, a browser."""
