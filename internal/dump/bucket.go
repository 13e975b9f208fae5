package dump

import "context"

// ServerURI is a file of the dump as LOAD DATA FROM S3 calls it, s3-region://bucket/key; empty when the dump is not on S3.
func (r *Reader) ServerURI(file string) string {
	if s, ok := r.store.(interface{ ServerURI(name string) string }); ok {
		return s.ServerURI(file)
	}
	return ""
}

// FileBytes is the size of a file of the dump.
func (r *Reader) FileBytes(ctx context.Context, file string) (int64, error) {
	n, err := r.size(ctx, file)
	if err != nil {
		return 0, absent(r.store, file, err)
	}
	return n, nil
}
