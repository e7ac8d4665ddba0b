"""The pages where administrators add people and change what they may."""
