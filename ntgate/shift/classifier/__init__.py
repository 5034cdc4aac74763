"""What classifiers say of two domains: the proxy A-distance, and class predictions for rows that were held out."""
