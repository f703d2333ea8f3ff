"""What raised and lowered the score of the video on screen, and what people say of it: values, askers and widgets."""
