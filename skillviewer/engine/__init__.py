"""The program without a screen: assess, train, fine-tune, evaluate, export."""
