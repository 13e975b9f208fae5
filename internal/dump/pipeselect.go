package dump

import "context"

// pipeSelection is what the taking end of a pipe wants of the tables that were announced.
type pipeSelection struct {
	awaited bool
	tables  [][2]string
	left    map[[2]string]bool
	made    chan struct{} // closed once left is set
}

// AwaitSelect has the dump wait, behind its definitions, for the other end to say which tables' rows it wants (Selective). It is
// called before the dump begins.
func (p *Pipe) AwaitSelect() { p.selection.awaited, p.selection.made = true, make(chan struct{}) }

var _ Selective = (*pipeFeed)(nil)

// Select asks for each table that was announced, where the dump waits for it.
func (f *pipeFeed) Select(wanted func(schema, table string) bool) {
	s := &f.selection
	if !s.awaited || s.left != nil {
		return
	}
	s.left = map[[2]string]bool{}
	for _, t := range s.tables {
		if !wanted(t[0], t[1]) {
			s.left[t] = true
		}
	}
	close(s.made)
}

// Wanted tells, behind all definitions, of which tables the rows are to be read: nil is all of them.
func (w *PipeWriter) Wanted(ctx context.Context) (func(schema, table string) bool, error) {
	p := w.pipe
	if !p.selection.awaited {
		return nil, nil
	}
	if err := p.put(ctx, pipeEvent{Event: Event{Defined: true}}, 0); err != nil {
		return nil, err
	}
	select {
	case <-p.selection.made:
		return func(schema, table string) bool { return !p.selection.left[[2]string{schema, table}] }, nil
	case <-p.ended:
	case <-ctx.Done():
	}
	return nil, p.failed(ctx)
}
