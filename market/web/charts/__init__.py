"""Charts as plotly draws them: pure functions from what the API answered to a specification."""
