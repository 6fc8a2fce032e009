"""What several test folders stand on: database servers, a whole running platform, factories."""
