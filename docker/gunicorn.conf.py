"""gunicorn in a container. What differs between hosts comes from the environment."""

import os

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
preload_app = True
# A worker's heartbeat is a file: on disk it can stall behind other writes.
worker_tmp_dir = "/dev/shm"
max_requests = 10_000
max_requests_jitter = 1_000
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
accesslog = "-"
# Paths without their queries: the query of an OAuth callback is a secret.
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(M)sms"
# The proxy in front is the only way in (BEHIND_PROXY), and sets these headers itself.
forwarded_allow_ips = "*"
