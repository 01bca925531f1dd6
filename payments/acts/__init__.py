"""Acts of staff about money that a second person agrees to: each is described once for screens, rules and approvals."""
