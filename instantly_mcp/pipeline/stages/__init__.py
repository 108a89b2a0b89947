"""The stages of the pipeline. No stage imports another one."""
