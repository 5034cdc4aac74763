"""The maximum mean discrepancy: its test, its effect size, and the kernel sums behind both."""
