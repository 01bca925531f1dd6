"""Why acts are done: codes with a text, in force from a day to a day, kept beside the words of the person."""
