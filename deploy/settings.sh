# What every command on a host of the cluster runs with, Ray's own processes included; sourced by ~/.bashrc.
export PATH="$HOME/mnist-search/.venv/bin:$PATH"
export SEARCH_RUNS="$HOME/mnist-search/runs" # also where a job was submitted from another directory
export RAY_AUTH_MODE=token                   # nobody talks to Ray without ~/.ray/auth_token
export RAY_USAGE_STATS_ENABLED=0
export RAY_JOB_STOP_WAIT_TIME_S=15 # a stopped search writes down what it has before it ends
# A host that is cut off from the network is given up after 9 seconds instead of a minute.
export RAY_health_check_period_ms=1000 RAY_health_check_timeout_ms=2000 RAY_health_check_failure_threshold=3
