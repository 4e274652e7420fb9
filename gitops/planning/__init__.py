"""From what git wants and what was seen to the steps between, and to what people are told of them."""
