"""The cause tree and its changes; reading comments; what agents say."""
