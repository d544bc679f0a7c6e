"""What a text asserts of its findings: ConText cues, their scopes, and what ends them."""
