"""The people whom cases mention. None of them is in the seeded workspace."""

from __future__ import annotations

from .start_state import Person

DANA = Person(
    email="dana.frost@summit-tools.example.org",
    first_name="Dana",
    last_name="Frost",
    company_name="Summit Tools",
)
REX = Person(
    email="rex.moor@bluewater.example.org",
    first_name="Rex",
    last_name="Moor",
    company_name="Bluewater",
    job_title="Founder",
)
ALEX_IN_LEEDS = Person(
    email="alex.kim@leeds-dental.example.org",
    first_name="Alex",
    last_name="Kim",
    company_name="Leeds Dental",
)
ALEX_IN_PORTO = Person(
    email="alex.kim@porto-foods.example.org",
    first_name="Alex",
    last_name="Kim",
    company_name="Porto Foods",
)
