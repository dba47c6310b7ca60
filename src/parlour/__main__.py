"""`python -m parlour`, as the supervisor starts its children."""

from parlour.cli import main

raise SystemExit(main())
