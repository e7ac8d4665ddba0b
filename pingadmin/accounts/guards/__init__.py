"""What a signed-in person must have done before some pages answer."""
