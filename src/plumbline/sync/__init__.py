"""The run itself: plan, harvest, stage, prove, align, publish."""
