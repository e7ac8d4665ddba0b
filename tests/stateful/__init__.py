"""Any sequence of resumes, crashes, repairs and attacks: what must hold after each step."""
