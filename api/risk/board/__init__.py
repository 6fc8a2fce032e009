"""The district at a glance: schematic map, trend, regional index, funnel of disposal, the director's board, their exports."""
