"""An emulated payment provider with the shapes of Stripe's API: for tests, and for integrators (`karez sandbox`)."""
