"""An association to try things on, beside a simulator of Exact Online. Everything it keeps stands under `var/demo/`."""
