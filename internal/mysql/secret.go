package mysql

import "log/slog"

// Secret is a password or key that redacts itself wherever it is printed.
type Secret string

const redacted = "[redacted]"

// Reveal returns the secret itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string { return redacted }

// GoString redacts %#v.
func (s Secret) GoString() string { return redacted }

// LogValue redacts slog attributes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText redacts JSON and every other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
