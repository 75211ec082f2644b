"""Every way to trade. The exchange floor is imported as it was compiled, where it was."""

from market.core import compiled

compiled.use(__path__)
