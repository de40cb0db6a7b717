"""Zigzag, the optimizer lab; views/server/start.py serves it.

Streamlit imports this file for the server and then runs it, as a script, for every visitor.
"""

import streamlit as st

if __name__ == "__main__":
    from views.navigation import page

    page()
else:
    from views.classroom.routes import ROUTES as CLASSES
    from views.lessons import sheet, small
    from views.maps import files
    from views.server import reach, save
    from views.server.server import ROUTES, lifespan, middleware

    own = (save.ROUTE, files.ROUTE, sheet.ROUTE, small.ROUTE, reach.ROUTE)
    app = st.App(__file__, middleware=middleware((*own, *CLASSES, *ROUTES)), lifespan=lifespan)
