"""Where settings come from: options, environment, the TOML file, secret files."""
