"""Zigzag, the optimizer lab; views/server/start.py serves it.

Streamlit imports this file for the server and then runs it, as a script, for every visitor.
"""

import streamlit as st

if __name__ == "__main__":
    from views.navigation import page

    page()
else:
    from views.classroom.routes import ROUTES as CLASSES
    from views.lessons import sheet
    from views.maps import files
    from views.server import reach, save
    from views.server.server import ROUTES, lifespan, middleware

    routes = (save.ROUTE, files.ROUTE, sheet.ROUTE, reach.ROUTE, *CLASSES, *ROUTES)
    app = st.App(__file__, middleware=middleware(routes), lifespan=lifespan)
