"""The real parts that tests run against: Redis, PostgreSQL, NATS, the sandbox, workers, a browser."""
