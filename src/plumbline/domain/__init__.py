"""Value types and enums of the field. Pure: no input, no output, no other package of ours."""
