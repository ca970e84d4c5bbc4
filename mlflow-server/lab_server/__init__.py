"""What the image of the lab's tracking server adds to MLflow."""
