"""What the server adds to Streamlit: files, addresses, jobs that visitors share."""
