"""The kept models: which there are, what they say of images, and how a drawn digit becomes one."""
