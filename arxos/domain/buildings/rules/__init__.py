"""Business rules on the neutral model: one file per family, each rule a small declared function."""

# Of all rules that models are checked by, the formats' own too. Another one makes reports of before outdated: changed
# where a rule comes, goes, or may judge otherwise than before. A test remembers what the rules were.
RULES_VERSION = "2026.11.2"
