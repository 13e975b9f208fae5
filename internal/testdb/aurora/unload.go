package aurora

import "context"

func (s *session) selectIntoS3(context.Context, string, []token) error {
	return standIn("not implemented: SELECT INTO OUTFILE S3")
}
