package loader

import (
	"context"

	"github.com/gomove/gomove/internal/mysql"
)

// decodeNames turns the names in a statement's header from the charset of its client into UTF-8, in which the dump's
// records and information_schema have them. The statement itself keeps its bytes.
func (l *load) decodeNames(ctx context.Context, st *statement) error {
	if st.verb != "CREATE" {
		return nil
	}
	for _, name := range []*string{&st.schema, &st.name, &st.on} {
		var err error
		if *name, err = mysql.DecodeName(ctx, l.server.DB(), l.target.Charset(st.mode.Charset), *name); err != nil {
			return err
		}
	}
	return nil
}
