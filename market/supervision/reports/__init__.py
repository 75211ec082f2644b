"""Reports: one mechanism for pages, Excel, CSV and JSON; what is filed of them; figures that departments enter."""
