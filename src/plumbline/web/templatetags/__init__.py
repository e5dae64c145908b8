"""What templates of the site can use besides."""
