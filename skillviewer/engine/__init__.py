"""What a person can ask for, without a screen: assess, train, evaluate."""
