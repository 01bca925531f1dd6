"""Messages that reached us, webhooks and events alike: stored first, applied exactly once, in any order."""
