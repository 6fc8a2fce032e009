"""Pure rules of the exchange: catalogue, headers, cells, keys, versions."""
