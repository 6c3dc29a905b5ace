"""Who a request comes from: one file for each way of showing it, and the tokens that we make ourselves."""
